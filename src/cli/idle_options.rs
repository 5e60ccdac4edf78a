//! Options that are right and do nothing where they stand: said, so that nobody
//! looks for what they did.

use super::args::EncodeArguments;
use super::output_arguments::{OutputArguments, TerminalArguments};
use super::terminal_view::TerminalView;
use crate::analysis::{Crop, Fusion, LinkChoice, Sink, SpecialTokens};
use crate::figure::{Colormap, Progression, Theme, View};
use crate::input::Unit;
use crate::run::Run;
use crate::store::Format;

/// A warning where `--neurons` has nowhere to go.
pub(super) fn idle_neurons(arguments: &EncodeArguments) -> Option<String> {
    let has_numbers = |format: &Format| match format {
        Format::Html | Format::Safetensors | Format::Npz | Format::Json => true,
        Format::Png | Format::Svg | Format::Csv => false,
    };
    let is_idle = arguments.neurons && !arguments.output.formats.iter().any(has_numbers);
    is_idle.then(|| {
        "--neurons does nothing without a page or a file of numbers, such as --format html,npz"
            .to_owned()
    })
}

/// What has no effect, as warnings. `shows` is whether something is drawn in
/// the terminal, too.
pub(super) fn idle_options(output: &OutputArguments, views: &[View], shows: bool) -> Vec<String> {
    let is_picture = |format: &Format| match format {
        Format::Png | Format::Svg => true,
        Format::Html | Format::Safetensors | Format::Npz | Format::Json | Format::Csv => false,
    };
    let draws = output.formats.iter().any(is_picture);
    // The page begins with the colours that are asked for, and has views and
    // lists of its own.
    let has_page = output.formats.contains(&Format::Html);
    let is_of_pages = |name: &str| !matches!(name, "--top-k" | "--links");
    let mut warnings: Vec<String> = Vec::new();
    if let (Sink::Hide, Some(crop @ Crop { first: 1.., .. })) = (output.sink, output.crop) {
        warnings.push(format!(
            "--sink hide does nothing: --crop {crop} leaves the first token out"
        ));
    }
    let has_table = views.iter().any(View::has_numbers);
    if output.formats.contains(&Format::Csv) && !has_table {
        let names: Vec<String> = views.iter().map(ToString::to_string).collect();
        warnings.push(format!(
            "--format csv writes nothing of {}: tables are of views such as --views scores, and raw attention is in npz, safetensors and json",
            names.join(", ")
        ));
    }
    let of_rollout = [
        ("--fuse", output.fuse != Fusion::default()),
        ("--no-residual", output.no_residual),
        ("--start-layer", output.start_layer > 0),
    ];
    for (name, _) in of_rollout.iter().filter(|(_, given)| *given) {
        if !views.contains(&View::Rollout) {
            warnings.push(format!("{name} does nothing without --views rollout"));
        }
    }
    let looks = [
        ("--scale", output.scale.is_some()),
        (
            "--color-scale",
            output.color_scale != Progression::default(),
        ),
        ("--vmin", output.vmin.is_some()),
        ("--vmax", output.vmax.is_some()),
        ("--colormap", output.colormap != Colormap::default()),
        ("--invert", output.invert),
        ("--theme", output.theme != Theme::default()),
        ("--top-k", output.top_k > 0),
        ("--links", output.links != LinkChoice::default()),
    ];
    if !draws && !shows {
        let idle: Vec<&str> = looks
            .iter()
            .filter(|(name, given)| *given && !(has_page && is_of_pages(name)))
            .map(|(name, _)| *name)
            .collect();
        if !idle.is_empty() {
            let does = if idle.len() == 1 { "does" } else { "do" };
            warnings.push(format!(
                "{} {does} nothing: no picture is drawn without --format png or svg, or --show",
                idle.join(", ")
            ));
        }
        let named = output
            .views
            .iter()
            .flatten()
            .flat_map(|list| &list.0)
            .filter(|view| !view.has_numbers());
        let named: Vec<String> = named.map(ToString::to_string).collect();
        if !named.is_empty() {
            warnings.push(format!(
                "--views {} draws nothing without --format png or svg, or --show",
                named.join(",")
            ));
        }
        return warnings;
    }
    let has_list = |view: &View| match view {
        View::Heads
        | View::Mean
        | View::Max
        | View::Link(..)
        | View::Rollout
        | View::Similarity => true,
        View::Overview | View::Unit(..) | View::Scores | View::Lines | View::Text(_) => false,
    };
    let is_profile = |view: &View| match view {
        View::Unit(..) => true,
        View::Heads
        | View::Overview
        | View::Mean
        | View::Max
        | View::Link(..)
        | View::Rollout
        | View::Similarity
        | View::Scores
        | View::Lines
        | View::Text(_) => false,
    };
    if output.top_k > 0 && !shows && !views.iter().any(has_list) {
        warnings.push(
            "--top-k does nothing: links are listed beside maps, which --views heads, mean and max draw".to_owned(),
        );
    }
    if output.links != LinkChoice::default() && output.top_k == 0 && !shows {
        warnings.push("--links does nothing without --top-k or --show".to_owned());
    }
    // The bars of a profile follow the scale whatever the colours end at.
    if output.scale.is_some() && output.vmax.is_some() && !views.iter().any(is_profile) {
        warnings.push("--scale does nothing beside --vmax, which ends the colours".to_owned());
    }
    warnings
}

/// Whether `--sort` sorts nothing, as a warning.
pub(super) fn idle_sort(terminal: &TerminalArguments, views: &[View]) -> Vec<String> {
    let shows_scores = match terminal.show {
        Some(TerminalView::Scores) => true,
        Some(TerminalView::Auto) => views.contains(&View::Scores),
        Some(TerminalView::Overview | TerminalView::Heads) | None => false,
    };
    match terminal.sort {
        Some(_) if !shows_scores => vec!["--sort does nothing without --show=scores".to_owned()],
        Some(_) | None => Vec::new(),
    }
}

/// What has no effect on a run none of whose tokens is special, as a warning.
pub(super) fn hides_nothing(run: &Run, special: SpecialTokens) -> Option<String> {
    let value = match special {
        SpecialTokens::Keep => return None,
        SpecialTokens::Hide => "hide",
        SpecialTokens::Renormalize => "renormalize",
    };
    let mut units = run.streams.iter().flat_map(|stream| &stream.units);
    let is_idle = !units.any(Unit::is_added);
    is_idle.then(|| {
        format!("--special-tokens {value} does nothing: no token is written as a special one, such as [CLS] or </s>")
    })
}
