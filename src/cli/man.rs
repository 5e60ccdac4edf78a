//! `attnviz man`: the manual page, subcommands included.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Arguments;
use super::standard_output::StandardOutputError;

pub(super) fn run() -> Result<()> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands() {
        let name = format!("attnviz {}", subcommand.get_name());
        let man = Man::new(subcommand.clone());
        // One page for everything: each subcommand is a chapter of its own.
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
    }
    std::io::stdout()
        .write_all(&page)
        .map_err(StandardOutputError::from)?;
    Ok(())
}
