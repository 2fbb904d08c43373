//! Whether standard output was closed when the program started, as by `>&-`.
//!
//! The standard library opens the null device in place of a closed standard output before `main`, so that all output
//! would vanish without an error. It opens the device for reading and writing. Shells open `>/dev/null` for writing only,
//! but other programs, such as Python, open it for both. So such a null device counts as closed only if a shell started
//! this program and did not pass on its own output.

#[cfg(unix)]
pub(crate) fn is_stdout_closed() -> bool {
    use rustix::fs::{OFlags, fcntl_getfl};

    let is_opened_for_both = || fcntl_getfl(std::io::stdout()).is_ok_and(|flags| flags.contains(OFlags::RDWR));
    unix::is_null_output() && is_opened_for_both() && unix::is_started_by_shell() && !unix::has_parent_null_output()
}

#[cfg(not(unix))]
pub(crate) fn is_stdout_closed() -> bool {
    false
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
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

    /// The parent is a shell, or a shell has replaced itself by this program: it names the program in `_`.
    pub(super) fn is_started_by_shell() -> bool {
        let program = std::env::args_os().next();
        let name = program.as_ref().and_then(|program| Path::new(program).file_name());
        let named = std::env::var_os("_");
        let is_named = name.is_some() && named.as_ref().and_then(|named| Path::new(named).file_name()) == name;
        let parent = std::fs::read_to_string(format!("/proc/{}/comm", parent_id())).unwrap_or_default();
        is_named || SHELLS.contains(&parent.trim_end())
    }

    pub(super) fn has_parent_null_output() -> bool {
        std::fs::read_link(format!("/proc/{}/fd/1", parent_id())).is_ok_and(|output| output == Path::new(NULL))
    }
}
