-- where @nope = "x"

-- error: @nope: no such field
