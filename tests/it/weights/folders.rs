//! Folders that hold something else than a whole checkpoint.

use std::fs;

use super::{ModelFolder, check_expected, container};
use crate::bad_input::check_refused;

#[test]
fn an_adapter_alone_or_beside_a_model_is_refused() {
    let lora = "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"bert-base-uncased\"}";
    let merge = "peft.AutoPeftModel.from_pretrained(\"./model\").merge_and_unload()";
    let base = "the model that the adapter was made for";
    for (files, hint) in [
        (
            &[
                ("adapter_config.json", lora),
                ("adapter_model.safetensors", ""),
            ][..],
            merge,
        ),
        (
            &[("adapter_config.json", lora), ("adapter_model.bin", "")],
            merge,
        ),
        (&[("adapter_model.safetensors", "")], merge),
        (
            &[("adapter_config.json", "{\"peft_type\": \"PREFIX_TUNING\"}")],
            base,
        ),
        (
            &[
                ("adapter_config.json", "{\"config\": {}}"),
                ("pytorch_adapter.bin", ""),
            ],
            base,
        ),
        (&[("pytorch_adapter.bin", "")], base),
    ] {
        for (has_config, has_weights) in [(false, false), (true, false), (true, true)] {
            let folder = ModelFolder::new();
            for (name, content) in files {
                folder.write(name, content);
            }
            if !has_config {
                folder.remove("config.json");
            }
            if has_weights {
                let weights = container("double-safetensors/model.safetensors");
                folder.write("model.safetensors", weights);
            }
            let words = match has_weights {
                true => "beside the model",
                false => "not a model",
            };
            folder.check_refused(&["./model holds an adapter", words, hint]);
        }
    }
}

#[test]
fn a_model_in_a_folder_below_is_named() {
    for (below, hint) in [
        (&["0_BERT"][..], "--model ./model/0_BERT"),
        (
            &["0_Transformer", "1_Pooling"],
            "--model ./model/0_Transformer",
        ),
        (
            &["checkpoint-500", "checkpoint-1000", "checkpoint-90"],
            "--model ./model/checkpoint-1000",
        ),
        (
            &["snapshots/0123abcd"],
            "--model ./model/snapshots/0123abcd",
        ),
        (&["my model"], "--model \"./model/my model\""),
    ] {
        for is_empty in [true, false] {
            let folder = ModelFolder::new();
            for name in below {
                let config = fs::read(folder.path("vocab.txt")).expect("a file");
                folder.write(&format!("{name}/config.json"), container("config.json"));
                folder.write(&format!("{name}/vocab.txt"), config);
                if *name != "1_Pooling" {
                    let weights = container("legacy-bin/pytorch_model.bin");
                    folder.write(&format!("{name}/pytorch_model.bin"), weights);
                }
            }
            if is_empty {
                folder.remove("config.json").remove("vocab.txt");
            }
            let stderr = folder.check_refused(&["expected", "found none"]);
            assert!(stderr.ends_with(&format!("hint: {hint}\n")), "{stderr}");
        }
    }
    // As the hint says.
    let folder = ModelFolder::new();
    for (name, source) in [
        ("config.json", "config.json"),
        ("vocab.txt", "vocab.txt"),
        ("pytorch_model.bin", "legacy-bin/pytorch_model.bin"),
    ] {
        folder.write(&format!("0_BERT/{name}"), container(source));
    }
    let arguments = ["encode", super::TEXT, "-m", "./model/0_BERT", "-f", "json"];
    folder.workplace.succeed(&arguments);
}

#[test]
fn parts_of_weights_without_their_index_ask_for_it() {
    for (file, index) in [
        (
            "model-00001-of-00003.safetensors",
            "model.safetensors.index.json",
        ),
        (
            "pytorch_model-00002-of-00002.bin",
            "pytorch_model.bin.index.json",
        ),
    ] {
        let folder = ModelFolder::new();
        let weights = container("legacy-bin/pytorch_model.bin");
        let hint = format!("download ./model/{index}");
        let stderr = folder
            .write(file, weights)
            .check_refused(&[file, index, &hint]);
        assert!(!stderr.contains("mv "), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_called_one() {
    for name in ["model.safetensors", "config.json", "tokenizer.json"] {
        let folder = ModelFolder::new();
        if name == "config.json" {
            folder.remove(name);
        }
        std::os::unix::fs::symlink("../../blobs/abc", folder.path(name)).expect("a link");
        folder.check_refused(&[
            &format!("./model/{name} is a broken symbolic link"),
            "../../blobs/abc",
            "cp -rL",
        ]);
    }
}

#[test]
fn a_tokenizer_that_is_not_there_is_named_by_its_own_option() {
    let folder = ModelFolder::new();
    for (typed, hint) in [
        ("./model/vocab.txt", "hint: --tokenizer ./model\n"),
        ("./nowhere", "--tokenizer google-bert/bert-base-uncased"),
    ] {
        let arguments = ["tokens", "cat", "-m", "builtin", "--tokenizer", typed];
        let stderr = check_refused(&folder.workplace, &arguments, 1, &[typed, hint]);
        assert!(!stderr.contains("--model"), "{stderr}");
    }
}

/// Of early sentence-transformers, which have a config of their own above.
#[test]
fn a_model_below_a_config_of_something_else_is_named() {
    let folder = ModelFolder::new();
    folder.write("config.json", "{\"__version__\": \"0.2.5\"}");
    for (name, source) in [
        ("config.json", "config.json"),
        ("pytorch_model.bin", "legacy-bin/pytorch_model.bin"),
    ] {
        folder.write(&format!("0_Transformer/{name}"), container(source));
    }
    folder.check_refused(&["0_Transformer has a model", "--model ./model/0_Transformer"]);
}

#[test]
fn an_adapter_is_merged_by_the_class_of_its_task() {
    for (task, class) in [
        ("\"SEQ_CLS\"", "AutoPeftModelForSequenceClassification"),
        ("\"TOKEN_CLS\"", "AutoPeftModelForTokenClassification"),
        ("\"QUESTION_ANS\"", "AutoPeftModelForQuestionAnswering"),
        ("\"CAUSAL_LM\"", "AutoPeftModelForCausalLM"),
        ("\"SEQ_2_SEQ_LM\"", "AutoPeftModelForSeq2SeqLM"),
        (
            "\"FEATURE_EXTRACTION\"",
            "AutoPeftModelForFeatureExtraction",
        ),
        ("null", "AutoPeftModel"),
    ] {
        let folder = ModelFolder::new();
        let config = format!("{{\"peft_type\": \"LORA\", \"task_type\": {task}}}");
        let call = format!("peft.{class}.from_pretrained(");
        folder
            .write("adapter_config.json", config)
            .check_refused(&[&call]);
    }
}

#[test]
fn weights_for_another_program_are_named_with_a_way_to_convert_them() {
    for (file, bytes, hint) in [
        ("tf_model.h5", &b"\x89HDF\r\n\x1a\n"[..], "from_tf=True"),
        ("flax_model.msgpack", b"\x81\xa4bert", "from_flax=True"),
        (
            "model.onnx",
            b"\x08\x07\x12\x07pytorch",
            "it was converted from",
        ),
        (
            "onnx/model.onnx",
            b"\x08\x07\x12\x07pytorch",
            "it was converted from",
        ),
        ("bert-q4.gguf", b"GGUF\x03\0\0\0", "it was converted from"),
        (
            "bert_model.ckpt.index",
            b"\0\0\0\0",
            "convert_bert_original_tf_checkpoint_to_pytorch",
        ),
    ] {
        let folder = ModelFolder::new();
        folder
            .write(file, bytes)
            .check_refused(&["./model", file, hint]);
    }
}

#[test]
fn weights_and_configs_under_another_name_are_to_be_renamed() {
    for (file, source, to) in [
        (
            "weights.safetensors",
            "double-safetensors/model.safetensors",
            "model.safetensors",
        ),
        (
            "model.fp32.safetensors",
            "double-safetensors/model.safetensors",
            "model.safetensors",
        ),
        (
            "best.pt",
            "training-checkpoint/pytorch_model.bin",
            "pytorch_model.bin",
        ),
        (
            "model.bin",
            "legacy-bin/pytorch_model.bin",
            "pytorch_model.bin",
        ),
        (
            "last.ckpt",
            "lightning/pytorch_model.bin",
            "pytorch_model.bin",
        ),
    ] {
        let folder = ModelFolder::new();
        folder.write("optimizer.pt", container("double-bin/pytorch_model.bin"));
        let hint = format!("hint: mv ./model/{file} ./model/{to}");
        folder
            .write(file, container(source))
            .check_refused(&[file, &hint]);
        fs::rename(folder.path(file), folder.path(to)).expect("it can be renamed");
        check_expected(&folder.attention(&[]).0, file);
    }
    let folder = ModelFolder::new();
    fs::rename(folder.path("config.json"), folder.path("bert_config.json")).expect("renamed");
    folder
        .write(
            "pytorch_model.bin",
            container("legacy-bin/pytorch_model.bin"),
        )
        .check_refused(&[
            "expected config.json",
            "mv ./model/bert_config.json ./model/config.json",
        ]);
}

#[test]
fn a_file_of_a_model_leads_to_its_folder() {
    let folder = ModelFolder::new();
    for (arguments, file, hint) in [
        (
            &["--model", "model/config.json"][..],
            "model/config.json",
            "hint: --model model\n",
        ),
        (
            &["--model", "./model/vocab.txt"],
            "./model/vocab.txt",
            "hint: --model ./model\n",
        ),
    ] {
        let arguments = [&["tokens", "the cat"], arguments].concat();
        let words = [file, "found a file", hint];
        check_refused(&folder.workplace, &arguments, 1, &words);
    }
}
