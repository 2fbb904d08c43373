//! All tests of partial JSON in one program, which `.ci/mutants` builds for each mutant.

#[path = "../tests/json_prefixes.rs"]
mod json_prefixes;
#[path = "../tests/json_properties.rs"]
mod json_properties;
#[path = "../tests/json_views.rs"]
mod json_views;
