// Package types has those types of the contract that Go lacks: the code that wit-bindgen generates uses it.
//
// It stands in for the package of the same path, with the part of its interface that a check needs, so that a check builds
// without a module proxy.
package types

// Tuple2 is a tuple of two values.
type Tuple2[A, B any] struct {
	F0 A
	F1 B
}

// The tags of an [Option].
const (
	OptionNone uint8 = iota
	OptionSome
)

// Option is a value, or none.
type Option[T any] struct {
	tag   uint8
	value T
}

// None returns an option without a value.
func None[T any]() Option[T] { return Option[T]{tag: OptionNone} }

// Some returns an option with a value.
func Some[T any](value T) Option[T] { return Option[T]{OptionSome, value} }

// Tag returns [OptionNone] or [OptionSome].
func (option Option[T]) Tag() uint8 { return option.tag }

// Some returns the value. It panics if there is none.
func (option Option[T]) Some() T {
	if option.tag != OptionSome {
		panic("the option has no value")
	}
	return option.value
}

// The tags of a [Result].
const (
	ResultOk uint8 = iota
	ResultErr
)

// Result is a value, or an error.
type Result[T, E any] struct {
	tag   uint8
	value T
	err   E
}

// Ok returns a result with a value.
func Ok[T, E any](value T) Result[T, E] { return Result[T, E]{tag: ResultOk, value: value} }

// Err returns a result with an error.
func Err[T, E any](err E) Result[T, E] { return Result[T, E]{tag: ResultErr, err: err} }

// Tag returns [ResultOk] or [ResultErr].
func (result Result[T, E]) Tag() uint8 { return result.tag }

// Ok returns the value. It panics if there is an error instead.
func (result Result[T, E]) Ok() T {
	if result.tag != ResultOk {
		panic("the result is an error")
	}
	return result.value
}

// Err returns the error. It panics if there is a value instead.
func (result Result[T, E]) Err() E {
	if result.tag != ResultErr {
		panic("the result is no error")
	}
	return result.err
}
