use alloc::string::String;

use super::wire::object;

object! {
    /// A file that was put into the container (Messages API: `ContainerUploadBlock`).
    pub struct ContainerUploadBlock = "container_upload" {
        /// The identifier of the file.
        pub file_id: Option<String>,
    }
}
