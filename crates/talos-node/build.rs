//! Link flags of a Node.js module on each platform, and the name of the platform for its version.

fn main() {
    napi_build::setup();
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=TALOS_TARGET={target}");
}
