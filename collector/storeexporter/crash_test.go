package storeexporter

const crashChildEnv = "WEFT_CRASH_CHILD"

func crashChild() int { return 1 }
