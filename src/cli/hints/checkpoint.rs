//! What to type or do about a checkpoint, in words.

use crate::cli::phrases::{
    convert_weights, merge_adapter, quoted, quoted_path, save_checkpoint, save_state_dict,
    use_original,
};
use crate::remedy::CheckpointRemedy;

/// What to type or do, as one line.
pub(super) fn in_words(remedy: &CheckpointRemedy) -> String {
    match remedy {
        CheckpointRemedy::NameCheckpoint => {
            "--model builtin, or --model with a directory that holds config.json, tokenizer.json and model.safetensors".into()
        }
        CheckpointRemedy::SaveCheckpoint(part) => save_checkpoint(*part).into(),
        CheckpointRemedy::NameTokenizer => {
            "name the model that it was trained from: --tokenizer google-bert/bert-base-uncased".into()
        }
        CheckpointRemedy::ConvertTokenizer => {
            "save it as tokenizer.json in Python: AutoTokenizer.from_pretrained(MODEL).save_pretrained(DIRECTORY), then --tokenizer DIRECTORY".into()
        }
        CheckpointRemedy::ComputeElsewhere => {
            "save attention and tokens in Python, then: attnviz render attention.npz --labels tokens.txt".into()
        }
        CheckpointRemedy::UseKnownFamily => {
            "--model google-bert/bert-base-uncased, or any other model of one of these types; or save attention and tokens in Python, then: attnviz render attention.npz --labels tokens.txt".into()
        }
        CheckpointRemedy::PullLfs { folder } => format!("cd {} && git lfs pull", quoted_path(folder)),
        CheckpointRemedy::RenameFile { from, to } => format!("mv {} {}", quoted_path(from), quoted_path(to)),
        CheckpointRemedy::DownloadFile { path } => {
            format!("download {} again; this copy is not the file", quoted_path(path))
        }
        CheckpointRemedy::DownloadMissing(path) => {
            format!("download {} from where the other files are from", quoted_path(path))
        }
        CheckpointRemedy::FollowLinks(path) => format!(
            "copy the folder with what its links name: cp -rL; or download {} again",
            quoted_path(path)
        ),
        CheckpointRemedy::ConvertWeights { format, from } => convert_weights(*format, from),
        CheckpointRemedy::MergeAdapter {
            from: Some(from),
            task,
        } => merge_adapter(from, task.as_deref()),
        CheckpointRemedy::MergeAdapter { from: None, .. } => {
            "merge them in Python: model.merge_and_unload().save_pretrained(\"merged\"); then --model ./merged".into()
        }
        CheckpointRemedy::UseOriginal(alteration) => use_original(*alteration).into(),
        CheckpointRemedy::ChooseWeightsPrefix { prefixes } => {
            let prefixes = prefixes.iter().take(8);
            let choices = prefixes.map(|prefix| format!("--weights-prefix {}", quoted(prefix)));
            choices.collect::<Vec<_>>().join(" or ")
        }
        CheckpointRemedy::AddModelType(model_type) => {
            format!("add \"model_type\": \"{model_type}\" to config.json")
        }
        CheckpointRemedy::NameTokenizerFolder(folder) => format!("--tokenizer {}", quoted_path(folder)),
        CheckpointRemedy::NameModelFolder { folder } => format!("--model {}", quoted_path(folder)),
        CheckpointRemedy::SaveStateDict { path, within } => save_state_dict(path, within),
        CheckpointRemedy::SaveAttentionInPython => {
            "let its own code compute it: numpy.savez(\"attention.npz\", attention=numpy.stack([layer[0].detach().numpy() for layer in model(**inputs, output_attentions=True).attentions])); then: attnviz render attention.npz".into()
        }
        CheckpointRemedy::CompareWithBuiltin => {
            "--model builtin, to see whether the model is at fault".into()
        }
    }
}
