package lambda

import (
	"strconv"
)

// Environment returns what the contract promises to the program; the function's own variables are not among it.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
func (i *Instance) Environment() []string {
	f := i.cfg.Function
	env := append(i.ExtensionEnvironment(),
		"_HANDLER="+f.Handler,
		"LAMBDA_TASK_ROOT="+i.cfg.CodeDir,
		"LAMBDA_RUNTIME_DIR="+i.cfg.RuntimeDir,
		"AWS_EXECUTION_ENV=AWS_Lambda_"+string(f.Language),
		"AWS_LAMBDA_LOG_GROUP_NAME="+i.cfg.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME="+i.cfg.LogStream,
		"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
		"TZ=:UTC",
	)
	if f.Concurrency > 1 {
		env = append(env, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(f.Concurrency))
	}
	return env
}

// ExtensionEnvironment returns what external extensions get of it: NAME=value.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-api-lifecycle.
func (i *Instance) ExtensionEnvironment() []string {
	f := i.cfg.Function
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + i.Addr(),
		"AWS_REGION=" + i.cfg.Region,
		"AWS_DEFAULT_REGION=" + i.cfg.Region,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + f.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.FormatInt(f.Memory>>20, 10),
		"AWS_LAMBDA_INITIALIZATION_TYPE=" + string(i.cfg.Init),
	}
}
