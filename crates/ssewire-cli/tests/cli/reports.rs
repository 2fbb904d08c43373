//! The cases of `tests/data/reports`, with the exit codes, outputs and notes that they expect of the command.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

use crate::support::{Ran, ssewire};

fn reports() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/data/reports"].iter().collect()
}

#[test]
fn every_case_has_its_outcome() {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(reports().join("expected.json")).unwrap()).unwrap();
    assert!(cases.len() >= 100, "{}", cases.len());
    let mut problems = Vec::new();
    for case in &cases {
        let whole = serde_json::json!(["whole"]);
        for chunking in case.get("chunkings").unwrap_or(&whole).as_array().unwrap() {
            let ran = run(case, chunking.as_str().unwrap());
            for problem in differences(case, &ran) {
                problems.push(format!("{} {chunking}: {problem}: {ran:?}", case["case"]));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn run(case: &Value, chunking: &str) -> Ran {
    let folder = reports().join("cases");
    let input = match case.get("generate") {
        Some(parts) => built(parts).into_bytes(),
        None => fs::read(folder.join(case["case"].as_str().unwrap())).unwrap(),
    };
    if let Some(program) = case.get("program") {
        let path = folder.join(case["case"].as_str().unwrap());
        return shell(program.as_str().unwrap(), &path);
    }
    let mut args: Vec<_> = case["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    if chunking != "whole" {
        args.extend(["--chunk-size", chunking]);
    }
    ssewire(&args, &input)
}

/// A line for bash. Its outputs are files: a process of `<( … )` that goes on would keep pipes open.
fn shell(program: &str, case: &std::path::Path) -> Ran {
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_ssewire"));
    let path = format!("{}:{}", bin.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let folder = std::env::temp_dir();
    let name = format!("ssewire-{}-{}", std::process::id(), case.file_name().unwrap().to_str().unwrap());
    let (out, err) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
    let file = |path: &PathBuf| fs::File::create(path).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-c", program]).env("PATH", path).env("CASE", case).stdin(Stdio::null());
    let status = bash.stdout(file(&out)).stderr(file(&err)).status().unwrap();
    let text = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        fs::remove_file(path).unwrap();
        text
    };
    Ran { code: status.code().unwrap(), stdout: text(&out), stderr: text(&err) }
}

fn differences(case: &Value, ran: &Ran) -> Vec<String> {
    let mut problems = Vec::new();
    if case["exit_code"] != ran.code {
        problems.push(format!("exit code, not {}", case["exit_code"]));
    }
    let stderr = ran.stderr.to_lowercase();
    for word in case.get("stderr_has").and_then(Value::as_array).into_iter().flatten() {
        if !stderr.contains(word.as_str().unwrap()) {
            problems.push(format!("standard error lacks {word}"));
        }
    }
    let is_same = match case.get("stdout") {
        None => true,
        Some(Value::String(text)) => *text == ran.stdout,
        Some(expected) => match expected.get("generate") {
            Some(parts) => built(parts) == ran.stdout,
            None => is_json(expected.as_object().unwrap(), &ran.stdout),
        },
    };
    if !is_same {
        problems.push(format!("standard output, not {}", case["stdout"]));
    }
    problems
}

fn is_json(expected: &Map<String, Value>, stdout: &str) -> bool {
    let documents = serde_json::Deserializer::from_str(stdout).into_iter::<Value>();
    let Ok(documents) = documents.collect::<Result<Vec<_>, _>>() else { return false };
    let comparable = |value: &Value| {
        let mut value = value.clone();
        for pointer in expected.get("open").and_then(Value::as_array).into_iter().flatten() {
            if let Some(open) = value.pointer_mut(pointer.as_str().unwrap()) {
                *open = Value::Null;
            }
        }
        without_nulls(&value)
    };
    let documents: Vec<_> = documents.iter().map(comparable).collect();
    if let Some(lines) = expected.get("json_lines") {
        return documents == lines.as_array().unwrap().iter().map(comparable).collect::<Vec<_>>();
    }
    let first = expected.get("json_first");
    let is_alone = first.is_some() || documents.len() == 1;
    is_alone && documents.first() == first.or(expected.get("json")).map(comparable).as_ref()
}

/// The joined parts of a `generate`.
fn built(parts: &Value) -> String {
    let part = |part: &Value| match part {
        Value::String(text) => text.clone(),
        part => part["repeat"].as_str().unwrap().repeat(usize::try_from(part["times"].as_u64().unwrap()).unwrap()),
    };
    parts.as_array().unwrap().iter().map(part).collect()
}

/// Null and absent are no difference here.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
