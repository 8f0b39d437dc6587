//! Builds the web UI into `ui/dist`, ready to be embedded in the hub.
//!
//! In: `ui/index.html` with the line `<!-- assets -->` in its head, `ui/style/*.css`, and
//! `ui/public/*` (copied as they are). Out: `index.html` whose `<!-- assets -->` has become links
//! to `assets/style-HASH.css` and `assets/start-HASH.js`, and those files with the program's own
//! `assets/ui-HASH.js` and `assets/ui-HASH.wasm`. Names carry a hash of their content, so browsers
//! may keep them for ever. Everything that gets smaller also lies there as `.gz`.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::command::{run, say};
use crate::wasm::Toolchain;

const MARK: &str = "<!-- assets -->";

/// Builds the UI; `dev` builds faster and larger.
pub(crate) fn build(dev: bool) -> Result<()> {
    let profile = if dev { "dev" } else { "wasm-release" };
    let folder = if dev { "debug" } else { profile };
    let toolchain = Toolchain::find_or_install()?;
    run(
        "building the web UI",
        toolchain
            .cargo_build()?
            .args(["--package", "ui", "--bin", "ui", "--profile", profile]),
    )?;
    let wasm = Toolchain::artifact(folder, "ui")?;
    let bound = crate::target_dir()?.join("wasm").join("bound");
    bind(&wasm, &bound, dev)?;
    assemble(&bound)
}

/// Makes the JavaScript that loads the program.
fn bind(wasm: &Path, into: &Path, dev: bool) -> Result<()> {
    recreate(into)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("ui")
        .typescript(false)
        .debug(dev)
        .keep_debug(dev)
        .remove_name_section(!dev);
    bindgen.web(true).context("wasm-bindgen")?;
    bindgen
        .generate(into)
        .context("wasm-bindgen could not read the program; do its versions in Cargo.toml agree?")
}

fn assemble(bound: &Path) -> Result<()> {
    let ui = crate::root()?.join("ui");
    let dist = ui.join("dist");
    recreate(&dist)?;
    fs::create_dir_all(dist.join("assets"))?;
    copy_tree(&ui.join("public"), &dist)?;

    let style = stylesheets(&ui.join("style"))?;
    let wasm = fs::read(bound.join("ui_bg.wasm")).context("wasm-bindgen left no ui_bg.wasm")?;
    let wasm_name = place(&dist, "ui", "wasm", &wasm)?;
    let script_name = place(&dist, "ui", "js", &fs::read(bound.join("ui.js"))?)?;
    let snippets = bound.join("snippets");
    if snippets.is_dir() {
        // Snippets are imported by path relative to the script, so they keep their place beside it.
        copy_tree(&snippets, &dist.join("assets/snippets"))?;
    }
    let start = format!(
        "import init from \"./{script_name}\";\ninit({{ module_or_path: new URL(\"./{wasm_name}\", import.meta.url) }});\n"
    );
    let start_name = place(&dist, "start", "js", start.as_bytes())?;
    let style_name = place(&dist, "style", "css", style.as_bytes())?;

    let index = fs::read_to_string(ui.join("index.html")).context("ui/index.html")?;
    if !index.contains(MARK) {
        bail!("ui/index.html has no line {MARK}");
    }
    let links = format!(
        "<link rel=\"stylesheet\" href=\"/assets/{style_name}\">\n\
         <link rel=\"modulepreload\" href=\"/assets/{script_name}\">\n\
         <link rel=\"preload\" href=\"/assets/{wasm_name}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
         <script type=\"module\" src=\"/assets/{start_name}\"></script>"
    );
    fs::write(dist.join("index.html"), index.replace(MARK, &links))?;

    let (plain, compressed) = compress_tree(&dist)?;
    let wasm_compressed = fs::metadata(dist.join("assets").join(format!("{wasm_name}.gz"))).map_or(0, |m| m.len());
    say(&format!(
        "ui/dist: {} kB, {} kB compressed; the program is {} kB, {} kB compressed",
        plain / 1000,
        compressed / 1000,
        wasm.len() / 1000,
        wasm_compressed / 1000
    ));
    Ok(())
}

/// Every stylesheet, in the order of their names.
fn stylesheets(folder: &Path) -> Result<String> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .context("ui/style")?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "css"))
        .collect();
    paths.sort();
    let sheets: Result<Vec<String>, _> = paths.iter().map(fs::read_to_string).collect();
    Ok(sheets?.join("\n"))
}

/// Writes `content` as `assets/stem-HASH.extension` and gives the name.
fn place(dist: &Path, stem: &str, extension: &str, content: &[u8]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let name = format!("{stem}-{:016x}.{extension}", hasher.finish());
    fs::write(dist.join("assets").join(&name), content)?;
    Ok(name)
}

/// Puts a `.gz` beside every file that gets smaller by it; gives the sizes before and after.
fn compress_tree(folder: &Path) -> Result<(u64, u64)> {
    let (mut plain, mut compressed) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let (inner_plain, inner_compressed) = compress_tree(&path)?;
            plain += inner_plain;
            compressed += inner_compressed;
            continue;
        }
        let content = fs::read(&path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let small = encoder.finish()?;
        plain += content.len() as u64;
        if small.len() < content.len() {
            compressed += small.len() as u64;
            let mut name = path.into_os_string();
            name.push(".gz");
            fs::write(name, small)?;
        } else {
            compressed += content.len() as u64;
        }
    }
    Ok((plain, compressed))
}

fn recreate(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be cleared", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_tree(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
