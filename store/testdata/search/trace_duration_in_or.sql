-- or {
-- where @trace.duration > "1s"
-- where @service = "cart"
-- }

-- error: @trace.duration: is about the whole trace, so it can be joined by and only, outside of or, not and structure
