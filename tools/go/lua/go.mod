// Argo CD's own Lua interpreter and its JSON, pinned, to run the Lua of examples/gitops.
module streamtable-rewind/tools/go/lua

go 1.24.0

require (
	github.com/yuin/gopher-lua v1.1.1
	layeh.com/gopher-json v0.0.0-20190114024228-97fed8db8427
)
