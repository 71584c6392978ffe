;; Random bases (basis-entries.ts) on 128-bit SIMD: four Philox counters side by side, one in each lane.
;;
;; One page of memory (wasm-basis.ts names these places again):
;;       0  twenty vectors, written by the caller: the two keys of rounds 0 to 9, each in all four lanes
;;     320  two vectors, written by the caller: the two tail words of the stream, each in all four lanes
;;     352  four float64: the sums of a projection
;;    4096  values, at most 2048 float32: the target of a combination, or what is projected
;;   16384  entries, at most 2048 float32
;;   32768  words: for each chunk of four counters four vectors, vector j holding word j of the four
;;
;; `uniform`, `rademacher` and `bell` make the entries of `chunks` chunks, at least one, of one vector of the basis,
;; from that of counter `counter` on, a multiple of 4. `add` and `project` take the first `bytes` bytes of them, a
;; positive multiple of 16. No relaxed SIMD: every engine gives the same bytes.
(module
  (memory (export "memory") 1)

  ;; Philox 4x32-10 of the counters [counter + lane, vector, tail...]: see the places above.
  (func $words (param $counter i32) (param $vector i32) (param $chunks i32)
    (local $out i32) (local $key i32) (local $n v128) (local $m0 v128) (local $m1 v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $p v128) (local $q v128) (local $r v128) (local $s v128)
    (local.set $m0 (i32x4.splat (i32.const 0xd2511f53)))
    (local.set $m1 (i32x4.splat (i32.const 0xcd9e8d57)))
    (local.set $n (i32x4.add (i32x4.splat (local.get $counter)) (v128.const i32x4 0 1 2 3)))
    (local.set $out (i32.const 32768))
    (loop $chunk
      (local.set $a (local.get $n))
      (local.set $b (i32x4.splat (local.get $vector)))
      (local.set $c (v128.load (i32.const 320)))
      (local.set $d (v128.load (i32.const 336)))
      (local.set $key (i32.const 0))
      (loop $round
        ;; 64-bit products: lanes 0 and 1 in $p and $r, lanes 2 and 3 in $q and $s; low words even, high words odd
        (local.set $p (i64x2.extmul_low_i32x4_u (local.get $a) (local.get $m0)))
        (local.set $q (i64x2.extmul_high_i32x4_u (local.get $a) (local.get $m0)))
        (local.set $r (i64x2.extmul_low_i32x4_u (local.get $c) (local.get $m1)))
        (local.set $s (i64x2.extmul_high_i32x4_u (local.get $c) (local.get $m1)))
        (local.set $a (v128.xor (v128.xor (local.get $b) (v128.load (local.get $key)))
          (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $r) (local.get $s))))
        (local.set $b
          (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $r) (local.get $s)))
        (local.set $c (v128.xor (v128.xor (local.get $d) (v128.load offset=16 (local.get $key)))
          (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $p) (local.get $q))))
        (local.set $d
          (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $p) (local.get $q)))
        (local.set $key (i32.add (local.get $key) (i32.const 32)))
        (br_if $round (i32.ne (local.get $key) (i32.const 320))))
      (v128.store (local.get $out) (local.get $a))
      (v128.store offset=16 (local.get $out) (local.get $b))
      (v128.store offset=32 (local.get $out) (local.get $c))
      (v128.store offset=48 (local.get $out) (local.get $d))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (local.set $n (i32x4.add (local.get $n) (i32x4.splat (i32.const 4))))
      (local.set $chunks (i32.sub (local.get $chunks) (i32.const 1)))
      (br_if $chunk (local.get $chunks))))

  ;; (2 s + 1) / 2^16, s being a signed half of 16 bits: in an upper half, the lower one gives way to the 1.
  (func (export "uniform") (param $counter i32) (param $vector i32) (param $chunks i32)
    (local $in i32) (local $out i32) (local $end i32)
    (local $word v128) (local $upper v128) (local $one v128) (local $scale v128)
    (call $words (local.get $counter) (local.get $vector) (local.get $chunks))
    (local.set $upper (i32x4.splat (i32.const 0xffff0000)))
    (local.set $one (i32x4.splat (i32.const 0x8000)))
    (local.set $scale (f32x4.splat (f32.const 0x1p-31)))
    (local.set $in (i32.const 32768))
    (local.set $out (i32.const 16384))
    (local.set $end (i32.add (local.get $in) (i32.shl (local.get $chunks) (i32.const 6))))
    (loop $next
      (local.set $word (v128.load (local.get $in)))
      (v128.store (local.get $out) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_s
        (v128.or (local.get $one) (v128.and (local.get $upper) (local.get $word))))))
      (v128.store offset=16 (local.get $out) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_s
        (v128.or (local.get $one) (i32x4.shl (local.get $word) (i32.const 16))))))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (local.set $in (i32.add (local.get $in) (i32.const 16)))
      (br_if $next (i32.ne (local.get $in) (local.get $end)))))

  ;; 1 with the sign of the next bit, from the top one down.
  (func (export "rademacher") (param $counter i32) (param $vector i32) (param $chunks i32)
    (local $in i32) (local $out i32) (local $end i32) (local $endOfWord i32)
    (local $word v128) (local $sign v128) (local $one v128)
    (call $words (local.get $counter) (local.get $vector) (local.get $chunks))
    (local.set $sign (i32x4.splat (i32.const 0x80000000)))
    (local.set $one (f32x4.splat (f32.const 1)))
    (local.set $in (i32.const 32768))
    (local.set $out (i32.const 16384))
    (local.set $end (i32.add (local.get $in) (i32.shl (local.get $chunks) (i32.const 6))))
    (loop $next
      (local.set $word (v128.load (local.get $in)))
      (local.set $endOfWord (i32.add (local.get $out) (i32.const 512)))
      (loop $bit
        (v128.store (local.get $out) (v128.or (local.get $one) (v128.and (local.get $sign) (local.get $word))))
        (local.set $word (i32x4.shl (local.get $word) (i32.const 1)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br_if $bit (i32.ne (local.get $out) (local.get $endOfWord))))
      (local.set $in (i32.add (local.get $in) (i32.const 16)))
      (br_if $next (i32.ne (local.get $in) (local.get $end)))))

  ;; 10033 / 2^21 times the centred sum of eight bytes, the four of a word and the four of the next.
  (func (export "bell") (param $counter i32) (param $vector i32) (param $chunks i32)
    (local $in i32) (local $out i32) (local $end i32)
    (call $words (local.get $counter) (local.get $vector) (local.get $chunks))
    (local.set $in (i32.const 32768))
    (local.set $out (i32.const 16384))
    (local.set $end (i32.add (local.get $in) (i32.shl (local.get $chunks) (i32.const 6))))
    (loop $next
      (v128.store (local.get $out) (f32x4.mul (f32x4.splat (f32.const 0x1.3988p-8)) (f32x4.convert_i32x4_s (i32x4.sub
        (i32x4.extadd_pairwise_i16x8_u (i16x8.add
          (i16x8.extadd_pairwise_i8x16_u (v128.load (local.get $in)))
          (i16x8.extadd_pairwise_i8x16_u (v128.load offset=16 (local.get $in)))))
        (i32x4.splat (i32.const 1020))))))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (local.set $in (i32.add (local.get $in) (i32.const 32)))
      (br_if $next (i32.ne (local.get $in) (local.get $end)))))

  ;; values[i] += coefficient * entries[i], product and sum in float32
  (func (export "add") (param $coefficient f32) (param $bytes i32)
    (local $at i32) (local $factor v128)
    (local.set $factor (f32x4.splat (local.get $coefficient)))
    (loop $next
      (v128.store offset=4096 (local.get $at) (f32x4.add
        (v128.load offset=4096 (local.get $at))
        (f32x4.mul (local.get $factor) (v128.load offset=16384 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.ne (local.get $at) (local.get $bytes)))))

  ;; sums[i mod 4] += entries[i] * values[i], product in float32, sum in float64
  (func (export "project") (param $bytes i32)
    (local $at i32) (local $product v128) (local $low v128) (local $high v128)
    (local.set $low (v128.load (i32.const 352)))
    (local.set $high (v128.load (i32.const 368)))
    (loop $next
      (local.set $product (f32x4.mul
        (v128.load offset=4096 (local.get $at)) (v128.load offset=16384 (local.get $at))))
      (local.set $low (f64x2.add (local.get $low) (f64x2.promote_low_f32x4 (local.get $product))))
      (local.set $high (f64x2.add (local.get $high) (f64x2.promote_low_f32x4
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $product) (local.get $product)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.ne (local.get $at) (local.get $bytes))))
    (v128.store (i32.const 352) (local.get $low))
    (v128.store (i32.const 368) (local.get $high))))
