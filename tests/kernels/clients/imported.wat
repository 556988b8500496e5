;; A module that is linked by its imports: they are replaced by a library's functions when it is instantiated.
(module
  (import "env" "memory" (memory 1))
  (import "env" "lw_stm_copy" (func $copy (param i32 i32 i32) (result i32)))
  (import "env" "lw_mts_copy" (func $back (param i32 i32 i32) (result i32)))
  ;; Adds one to each of `count` u32 that lie at an address of the other memory.
  (func (export "add_one") (param $there i32) (param $count i32) (result i32)
    (local $at i32)
    (local $size i32)
    (local.set $size (i32.shl (local.get $count) (i32.const 2)))
    (if (i32.eqz (call $copy (i32.const 1024) (local.get $there) (local.get $size))) (then (return (i32.const 0))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $size)))
      (i32.store offset=1024 (local.get $at) (i32.add (i32.load offset=1024 (local.get $at)) (i32.const 1)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next)))
    (call $back (local.get $there) (i32.const 1024) (local.get $size))))
