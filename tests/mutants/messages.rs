//! All tests of the Messages API as one program: `.ci/mutants` builds it for each mutant.

#[path = "../tests/messages_bodies.rs"]
mod messages_bodies;
#[path = "../tests/messages_bounds/main.rs"]
mod messages_bounds;
#[path = "../tests/messages_errors.rs"]
mod messages_errors;
#[path = "../tests/messages_hostile.rs"]
mod messages_hostile;
#[path = "../tests/messages_properties.rs"]
mod messages_properties;
#[path = "../tests/messages_reports.rs"]
mod messages_reports;
#[path = "../tests/messages_rules/main.rs"]
mod messages_rules;
#[path = "../tests/messages_samples.rs"]
mod messages_samples;
#[path = "../tests/messages_structured.rs"]
mod messages_structured;
#[path = "../tests/messages_types.rs"]
mod messages_types;
