// Package runtime allocates the memory that host and check exchange: the code that wit-bindgen generates uses it.
//
// Like package types, it stands in for the package of the same path.
package runtime

import (
	"runtime"
	"unsafe"
)

// The memory that the host has filled, until the generated code holds pointers to it.
var incoming runtime.Pinner

// Allocate returns zeroed memory that stays as long as it is pinned. It is aligned for every type of the contract.
func Allocate(pinner *runtime.Pinner, size, _ uintptr) unsafe.Pointer {
	const word = unsafe.Sizeof(uint64(0))
	memory := unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+word-1)/word)))
	pinner.Pin(memory)
	return memory
}

// Unpin lets go of the memory that the host has filled.
func Unpin() { incoming.Unpin() }

// The host calls this function for memory to put arguments in.
//
//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	memory := Allocate(&incoming, size, align)
	copy(unsafe.Slice((*byte)(memory), size), unsafe.Slice((*byte)(old), oldSize))
	return memory
}
