use alloc::string::String;

use super::UnknownObject;
use super::wire::{object, tagged};

tagged! {
    /// Who called a tool (Messages API: the `caller` of a tool-use block).
    pub enum Caller else UnknownObject {
        /// The model itself.
        Direct(DirectCaller),
        /// Code that the model wrote, in the code execution tool of 2025-08-25.
        CodeExecution20250825(ServerToolCaller),
        /// Code that the model wrote, in the code execution tool of 2026-01-20.
        CodeExecution20260120(ServerToolCaller20260120),
    }
}

object! {
    /// The model itself called the tool (Messages API: `DirectCaller`).
    pub struct DirectCaller = "direct" {}
}

object! {
    /// Code in the code execution tool of 2025-08-25 called the tool (Messages API: `ServerToolCaller`).
    pub struct ServerToolCaller = "code_execution_20250825" {
        /// The identifier of the call that runs the code.
        pub tool_id: Option<String>,
    }
}

object! {
    /// Code in the code execution tool of 2026-01-20 called the tool (Messages API: `ServerToolCaller20260120`).
    pub struct ServerToolCaller20260120 = "code_execution_20260120" {
        /// The identifier of the call that runs the code.
        pub tool_id: Option<String>,
    }
}
