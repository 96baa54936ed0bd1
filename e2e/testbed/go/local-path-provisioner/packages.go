//go:build packages

// Package packages names the program of this module that the testbed builds, so that `go mod tidy` keeps what it needs.
package packages

import _ "github.com/rancher/local-path-provisioner"
