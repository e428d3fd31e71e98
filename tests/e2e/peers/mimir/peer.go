//go:build peer

// Names the program that the end-to-end tests build from the module pinned beside this file.
package main

import _ "github.com/grafana/mimir/cmd/mimir"
