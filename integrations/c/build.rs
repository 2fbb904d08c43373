//! Sets the name that programs record of the shared library: it changes with each incompatible release.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libssewire.so.0");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
