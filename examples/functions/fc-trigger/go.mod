module weft/examples/functions/fc-trigger

go 1.26.0

require github.com/aliyun/fc-runtime-go-sdk v0.2.11
