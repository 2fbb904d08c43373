//! Compiles the counter of `crates/ssewire/src/trace.rs` in.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=ssewire_observe");
}
