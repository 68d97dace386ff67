-- where order.id =~ "("

-- error: order.id: want a regular expression in RE2 syntax: error parsing regexp: missing closing ): `(`
