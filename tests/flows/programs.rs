//! `domovoi` at the shell.

use domovoi_tests::hub::domovoi;

#[tokio::test]
async fn wrong_usage_is_64_and_one_sentence() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for arguments in [
        &["run", "--listen", "nowhere"][..],
        &["fly"],
        &["user", "add", "eve", "--role", "queen"],
        &["call"],
    ] {
        let (code, _, stderr) = domovoi(arguments, directory.path()).await;
        assert_eq!(code, Some(64), "{arguments:?}: {stderr}");
        assert!(!stderr.trim().is_empty(), "{arguments:?} is refused without a word");
    }
}
