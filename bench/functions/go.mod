module weft/bench/functions

go 1.26.0

require (
	github.com/aliyun/fc-runtime-go-sdk v0.2.11
	github.com/aws/aws-lambda-go v1.55.1
)
