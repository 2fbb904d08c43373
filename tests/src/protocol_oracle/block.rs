//! A content block while it grows: `docs/protocol.md`, heading "Merge rules".

use serde_json::Value;
use ssewire_messages::ViolationKind;

use super::json::{Json, Members, Units, member, set, text};
use super::tool_input::{Cut, Input, Settled, is_blank};

/// A content block. Its members are as they were sent; deltas change them.
#[derive(Debug, Clone)]
pub struct Block {
    pub index: u64,
    pub is_initial: bool,
    /// Whether a start opened the block, or a delta did.
    pub is_started: bool,
    /// The violation of the delta that opened the block.
    pub opened_by: Option<ViolationKind>,
    pub is_open: bool,
    /// Position among the starts of all blocks.
    pub number: usize,
    /// The stop reason has shown that a call without input is complete.
    pub is_certain: bool,
    /// Input other than white space arrived after the stop.
    pub is_late: bool,
    /// `Update::ToolCall` has returned the call.
    pub is_returned: bool,
    pub members: Members,
    pub input: Input,
    /// A delta of input arrived, perhaps an empty one.
    pub has_input_delta: bool,
    /// The first half of a pair, whose text was not delivered yet.
    pub half: Option<u16>,
}

/// A change that a delta makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Text(Units),
    Thinking(Units),
    Signature(Units),
    Citation(Json),
    Input(Units),
    /// The members that are present.
    Compaction(Members),
}

/// The id, the name and the input of a call.
pub type Call = (String, String, Value);

impl Block {
    pub fn started(index: u64, members: Members) -> Self {
        let mut block = Self {
            index,
            is_initial: false,
            is_started: true,
            opened_by: None,
            is_open: true,
            number: 0,
            is_certain: false,
            is_late: false,
            is_returned: false,
            members,
            input: Input::default(),
            has_input_delta: false,
            half: None,
        };
        block.fill();
        block.close();
        block.is_open = true;
        block
    }

    /// Opens a block for a delta that no block can take, if its kind of delta opens one.
    pub fn opened_by(change: &Change, index: u64) -> Option<Self> {
        let kind = match change {
            Change::Text(_) | Change::Citation(_) => "text",
            Change::Thinking(_) | Change::Signature(_) => "thinking",
            Change::Compaction(_) => "compaction",
            Change::Input(_) => return None,
        };
        let kind = Json::String(super::json::units(kind));
        Some(Self { is_started: false, ..Self::started(index, vec![("type".into(), kind)]) })
    }

    pub fn kind(&self) -> String {
        member(&self.members, "type").and_then(Json::as_text).expect("a block has a type")
    }

    pub fn is_tool(&self) -> bool {
        matches!(&*self.kind(), "tool_use" | "server_tool_use" | "mcp_tool_use")
    }

    pub fn text(&self) -> &[u16] {
        member(&self.members, "text").and_then(Json::as_units).map_or(&[], |units| units)
    }

    /// Returns whether the block has input that deltas build.
    pub fn has_input(&self) -> bool {
        self.takes(&Change::Input(Units::new()))
    }

    pub fn takes(&self, change: &Change) -> bool {
        match &*self.kind() {
            "text" => matches!(change, Change::Text(_) | Change::Citation(_)),
            "thinking" => matches!(change, Change::Thinking(_) | Change::Signature(_)),
            "tool_use" | "server_tool_use" | "mcp_tool_use" => matches!(change, Change::Input(_)),
            "compaction" => matches!(change, Change::Compaction(_)),
            _ => self.has_member_for(change),
        }
    }

    /// "A block of an unknown kind takes a known delta if it has the member for it."
    fn has_member_for(&self, change: &Change) -> bool {
        let is_string = |name| matches!(member(&self.members, name), Some(Json::Null | Json::String(_)));
        match change {
            Change::Text(_) => is_string("text"),
            Change::Thinking(_) => is_string("thinking"),
            Change::Signature(_) => is_string("signature"),
            Change::Citation(_) => matches!(member(&self.members, "citations"), Some(Json::Null | Json::Array(_))),
            Change::Input(_) => member(&self.members, "input").is_some(),
            Change::Compaction(_) => false,
        }
    }

    pub fn merge(&mut self, change: Change) {
        match change {
            Change::Text(units) => self.append("text", &units),
            Change::Thinking(units) => self.append("thinking", &units),
            Change::Signature(units) => set(&mut self.members, "signature", Json::String(units)),
            Change::Citation(citation) => {
                let mut citations = self.citations();
                citations.push(citation);
                set(&mut self.members, "citations", Json::Array(citations));
            }
            Change::Input(units) => {
                self.has_input_delta = true;
                self.is_late |= !self.is_open && !is_blank(&text(&units));
                self.input.text.extend(units);
            }
            Change::Compaction(members) => {
                members.into_iter().for_each(|(name, value)| set(&mut self.members, &name, value));
            }
        }
    }

    /// Merges a start of the same kind with what deltas brought before it.
    pub fn merge_start(&mut self, start: Members) {
        let early = std::mem::replace(self, Self::started(self.index, start));
        self.half = early.half;
        for name in ["text", "thinking"] {
            if let Some(units) = member(&early.members, name).and_then(Json::as_units) {
                self.append(name, units);
            }
        }
        for name in ["signature", "content", "encrypted_content"] {
            if let Some(value) = member(&early.members, name) {
                set(&mut self.members, name, value.clone());
            }
        }
        early.citations().into_iter().for_each(|citation| self.merge(Change::Citation(citation)));
    }

    /// The block as JSON, and whether its input is complete.
    pub fn settle(&self, cut: Cut) -> (Value, bool) {
        let mut value = Json::Object(self.members.clone()).to_value();
        let has_delta = self.has_input_delta || !self.input.text.is_empty();
        if !self.is_tool() && !(self.has_input() && (has_delta || self.input.lost_at.is_some())) {
            return (value, true);
        }
        let Settled { value: input, is_complete } = self.input.settle(member(&self.members, "input"), cut);
        value["input"] = input;
        (value, is_complete)
    }

    /// The id, the name and the input of a complete call that the client runs.
    pub fn call(&self, cut: Cut) -> Option<Call> {
        if self.kind() != "tool_use" {
            return None;
        }
        let word = |name| member(&self.members, name).and_then(Json::as_text);
        let (value, is_complete) = self.settle(cut);
        if !is_complete {
            return None;
        }
        Some((word("id")?, word("name")?, value["input"].clone()))
    }

    /// Closes the block. A half of a pair at the end of its strings stays alone; returns whether text had one.
    pub fn close(&mut self) -> bool {
        self.is_open = false;
        for name in ["text", "thinking"] {
            let units = member(&self.members, name).and_then(Json::as_units);
            if let Some(units) = units.map(|units| super::json::units(&text(units))) {
                set(&mut self.members, name, Json::String(units));
            }
        }
        self.input.text = super::json::units(&text(&self.input.text));
        self.half.take().is_some()
    }

    /// "Text and thinking blocks always have their string."
    fn fill(&mut self) {
        match &*self.kind() {
            "text" => self.append("text", &[]),
            "thinking" => self.append("thinking", &[]),
            _ => {}
        }
    }

    fn append(&mut self, name: &str, units: &[u16]) {
        let before = member(&self.members, name).and_then(Json::as_units).cloned().unwrap_or_default();
        set(&mut self.members, name, Json::String([before, units.to_vec()].concat()));
    }

    fn citations(&self) -> Vec<Json> {
        match member(&self.members, "citations") {
            Some(Json::Array(citations)) => citations.clone(),
            _ => Vec::new(),
        }
    }
}

/// The changes of a delta: its own, and then those of members that belong to another delta.
pub fn changes(delta: &Members) -> Vec<Change> {
    let own = |name| member(delta, name).and_then(Json::as_units).cloned().unwrap_or_default();
    let second = |name| member(delta, name).and_then(Json::as_units).cloned();
    let second_citation =
        || member(delta, "citation").filter(|citation| citation.as_object().is_some()).cloned().map(Change::Citation);
    let (first, second) = match member(delta, "type").and_then(Json::as_text).as_deref() {
        Some("text_delta") => (Change::Text(own("text")), second_citation()),
        Some("thinking_delta") => (Change::Thinking(own("thinking")), second("signature").map(Change::Signature)),
        Some("signature_delta") => (Change::Signature(own("signature")), second("thinking").map(Change::Thinking)),
        Some("citations_delta") => {
            let citation = member(delta, "citation").expect("decoded").clone();
            (Change::Citation(citation), second("text").map(Change::Text))
        }
        Some("input_json_delta") => (Change::Input(own("partial_json")), None),
        Some("compaction_delta") => {
            let is_own = |name: &str| name == "content" || name == "encrypted_content";
            let names = delta.iter().filter(|(name, _)| is_own(name));
            let members = names.map(|(name, _)| (name.clone(), member(delta, name).expect("present").clone()));
            (Change::Compaction(members.collect()), None)
        }
        _ => return Vec::new(),
    };
    [first].into_iter().chain(second).collect()
}
