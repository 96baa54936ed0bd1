//go:build packages

// Package packages names the programs of this module that the testbed builds, so that `go mod tidy` keeps what they need.
package packages

import (
	_ "github.com/kedacore/keda/v2/cmd/adapter"
	_ "github.com/kedacore/keda/v2/cmd/operator"
)
