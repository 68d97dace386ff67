-- where nobody.has.it = "x"

-- nothing can match
