//! What people and CI systems read of a batch or of a comparison: the page, the
//! JUnit report, the summary.

mod address;
mod check_junit;
mod check_page;
mod check_summary;
mod diff_page;
mod diff_script;
mod junit;
mod page;
mod page_frame;
mod page_row;
mod score_meaning;
mod scores_command;
mod scores_data;
mod scores_page;
mod single_page;
mod summary;
mod wording;

pub use check_junit::{write_check_junit, write_error_junit};
pub use check_page::{CheckInput, CheckLook, write_check_page};
pub use check_summary::{write_check_summary, write_error_summary};
pub use diff_page::{DiffPage, HeadTable, PageInputs, PagePicture, PageSide, PageWorst};
pub use diff_script::write_diff_page;
pub use junit::write_junit;
pub use page::write_page;
pub use scores_page::write_scores_page;
pub use single_page::write_single_page;
pub use summary::write_summary;
