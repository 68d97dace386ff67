module weft/examples/functions/lambda-extension

go 1.26.0
