//! How good a new password is, and what is wrong with a set-up form.

/// The shortest password an account may have.
pub(crate) const LEAST_CHARS: usize = 8;

/// How hard a password is to guess, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    TooShort,
    Weak,
    Fair,
    Strong,
}

impl Strength {
    /// What to tell the person.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::TooShort => "At least 8 characters.",
            Self::Weak => "Easy to guess. A few unrelated words make a good password.",
            Self::Fair => "Fair. Longer is better.",
            Self::Strong => "Strong.",
        }
    }

    /// The name in `data-` attributes and CSS.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TooShort => "short",
            Self::Weak => "weak",
            Self::Fair => "fair",
            Self::Strong => "strong",
        }
    }
}

/// Judges by length and by how many different characters of how many kinds there are.
pub(crate) fn strength(password: &str) -> Strength {
    let length = password.chars().count();
    if length < LEAST_CHARS {
        return Strength::TooShort;
    }
    let mut different: Vec<char> = password.to_lowercase().chars().collect();
    different.sort_unstable();
    different.dedup();
    let kinds = [
        password.chars().any(char::is_lowercase),
        password.chars().any(char::is_uppercase),
        password.chars().any(char::is_numeric),
        password.chars().any(|c| !c.is_alphanumeric()),
    ];
    let kinds = kinds.into_iter().filter(|has| *has).count();
    let lower = password.to_lowercase();
    let is_usual = ["password", "passwort", "domovoi", "12345", "qwert", "letmein", "admin"]
        .iter()
        .any(|usual| lower.contains(usual));
    let points = length + 2 * (kinds - 1) + different.len() / 2;
    if different.len() < 5 || (is_usual && length < 16) || points < 14 {
        Strength::Weak
    } else if points < 22 {
        Strength::Fair
    } else {
        Strength::Strong
    }
}

/// A fault in what was typed into the set-up form, for the field it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SetupFault {
    Name(&'static str),
    Password(&'static str),
    Again(&'static str),
}

/// Checks the set-up form before anything is sent.
pub(crate) fn check_setup(name: &str, password: &str, again: &str) -> Result<(), SetupFault> {
    let name = name.trim();
    if name.is_empty() {
        return Err(SetupFault::Name("Choose a name to sign in with."));
    }
    if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(SetupFault::Name("The name may not contain spaces."));
    }
    if strength(password) == Strength::TooShort {
        return Err(SetupFault::Password("The password needs at least 8 characters."));
    }
    if password != again {
        return Err(SetupFault::Again("The two passwords differ."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_and_more_varied_is_stronger() {
        for (password, expected) in [
            ("", Strength::TooShort),
            ("kitten7", Strength::TooShort),
            ("aaaaaaaaaaaa", Strength::Weak),
            ("password1", Strength::Weak),
            ("kittenish", Strength::Weak),
            ("kitten-house", Strength::Fair),
            ("stove cat window birch", Strength::Strong),
            ("пароль-домового-печь", Strength::Strong),
        ] {
            assert_eq!(strength(password), expected, "{password}");
        }
    }

    #[test]
    fn the_form_is_checked_field_by_field() {
        assert!(matches!(
            check_setup(" ", "longenough", "longenough"),
            Err(SetupFault::Name(_))
        ));
        assert!(matches!(
            check_setup("a b", "longenough", "longenough"),
            Err(SetupFault::Name(_))
        ));
        assert!(matches!(
            check_setup("anna", "short", "short"),
            Err(SetupFault::Password(_))
        ));
        assert!(matches!(
            check_setup("anna", "longenough", "longenougj"),
            Err(SetupFault::Again(_))
        ));
        assert_eq!(check_setup("anna", "longenough", "longenough"), Ok(()));
    }
}
