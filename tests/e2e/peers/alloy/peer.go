//go:build peer

// Names the program that `./dev bench peers` builds from the module pinned beside this file.
package main

import _ "github.com/grafana/alloy"
