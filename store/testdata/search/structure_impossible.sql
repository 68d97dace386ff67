-- structure > {
-- where @service = "web"
-- where nothing.like.it = "cart"
-- }

-- nothing can match
