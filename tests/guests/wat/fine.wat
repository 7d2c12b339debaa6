;; The fields of a well-behaved core module, one paragraph each. A hostile guest consists of these and its own fields; a
;; paragraph whose export the guest defines itself is left out.

(memory (export "memory") 2)

(data (i32.const 16) "wat")
(data (i32.const 32) "1.0.0")
(data (i32.const 48) "Is text")
(data (i32.const 64) "Fine")
(data (i32.const 80) "All is fine")

;; 1024: the description with name (1024), version (1032), summary (1040), settings (1048) and attributes (1056)
(data (i32.const 1024) "\10\00\00\00\03\00\00\00" "\20\00\00\00\05\00\00\00" "\30\00\00\00\07\00\00\00")

;; 2048: the result of needs, ok with an empty list. Each need takes 20 bytes: metric, labels, seconds.

;; 3072: the result of evaluate, ok with a list (3076) of one verdict
(data (i32.const 3072) "\00\00\00\00" "\40\0c\00\00\01\00\00\00")

;; 3136: the verdict, with status (3136), subject (3140), title (3148), message (3156), measures (3164) and
;; attributes (3172). A measure takes 56 bytes: name, value (8), unit (16), warning (24, 32), critical (40, 48).
(data (i32.const 3136) "\00\00\00\00" "\00\00\00\00\00\00\00\00" "\40\00\00\00\04\00\00\00" "\50\00\00\00\0b\00\00\00")

(global $next (mut i32) (i32.const 16384))

(func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
  (global.set $next (i32.add (local.get $at) (local.get $size)))
  (local.get $at))

(func (export "describe") (result i32) (i32.const 1024))

(func (export "needs") (param i32 i32) (result i32) (i32.const 2048))

(func $work (export "work"))

(func (export "evaluate") (param i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (call $work)
  (i32.const 3072))

(func (export "after-describe") (param i32))

(func (export "after-needs") (param i32))

(func (export "after-evaluate") (param i32))
