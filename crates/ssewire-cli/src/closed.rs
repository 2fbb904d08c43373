//! Whether standard output was closed when the program started, as by `>&-`.
//!
//! The standard library opens the null device in place of a closed standard output before `main`, so that all output
//! would vanish without an error. Only unsafe code could look before that, so this module looks at the rest: the
//! null device, opened for reading and writing. Shells and the standard library of Rust open `>/dev/null` for writing
//! only, but other programs, such as Python and node, open it for both. The parent distinguishes these cases:
//!
//! | parent | null device for both | why |
//! |---|---|---|
//! | has no standard output itself | closed | it passed on its closed output: `exec >&-`, `timeout 9 ssewire >&-` |
//! | has the null device | open | it passed that on |
//! | is a shell with another output | closed | it writes `>&-` so, and `>/dev/null` otherwise |
//! | is another program | open | it may have asked for the null device |
//!
//! Known limits: a program other than a shell that closes only the output of its child is not detected, nor is
//! `exec ssewire >&-` in a shell that such a program started, nor the last command of its `bash -c`, which replaces the
//! shell. A system without `/proc` is judged by `_` alone, which shells set. A shell that opens `<>/dev/null` as
//! standard output counts as closed.

#[cfg(unix)]
pub(crate) fn is_stdout_closed() -> bool {
    use rustix::fs::{OFlags, fcntl_getfl};

    let is_opened_for_both = || fcntl_getfl(std::io::stdout()).is_ok_and(|flags| flags.contains(OFlags::RDWR));
    unix::is_null_output()
        && is_opened_for_both()
        && match unix::parent_output() {
            unix::ParentOutput::Closed => true,
            unix::ParentOutput::Null => false,
            unix::ParentOutput::Other => unix::is_started_by_shell(),
        }
}

#[cfg(not(unix))]
pub(crate) fn is_stdout_closed() -> bool {
    false
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::ErrorKind;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::parent_id;
    use std::path::Path;

    const NULL: &str = "/dev/null";

    const SHELLS: [&str; 7] = ["ash", "bash", "dash", "fish", "ksh", "sh", "zsh"];

    pub(super) fn is_null_output() -> bool {
        let output = std::io::stdout().as_fd().try_clone_to_owned();
        let output = output.and_then(|output| File::from(output).metadata());
        let null = std::fs::metadata(NULL);
        matches!((output, null), (Ok(output), Ok(null)) if (output.dev(), output.ino()) == (null.dev(), null.ino()))
    }

    /// The parent is a shell. If its name is not known: a shell names this program in `_`.
    pub(super) fn is_started_by_shell() -> bool {
        if let Ok(parent) = std::fs::read_to_string(format!("/proc/{}/comm", parent_id())) {
            return SHELLS.contains(&parent.trim_end());
        }
        let program = std::env::args_os().next();
        let name = program.as_ref().and_then(|program| Path::new(program).file_name());
        let named = std::env::var_os("_");
        name.is_some() && named.as_ref().and_then(|named| Path::new(named).file_name()) == name
    }

    /// Standard output of the parent.
    pub(super) enum ParentOutput {
        Closed,
        Null,
        /// Another one, or it cannot be read.
        Other,
    }

    pub(super) fn parent_output() -> ParentOutput {
        let descriptors = format!("/proc/{}/fd", parent_id());
        match std::fs::read_link(format!("{descriptors}/1")) {
            Ok(output) if output == Path::new(NULL) => ParentOutput::Null,
            Ok(_) => ParentOutput::Other,
            // Distinguishes a descriptor that is missing from a folder that is missing or not readable.
            Err(error) if error.kind() == ErrorKind::NotFound && std::fs::read_dir(descriptors).is_ok() => {
                ParentOutput::Closed
            }
            Err(_) => ParentOutput::Other,
        }
    }
}
