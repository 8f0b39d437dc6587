//! Options and details that most messages leave empty.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::Dict;

/// Something that has a constant "nothing said", to be looked at where nothing is kept.
pub trait Unsaid: Sized + 'static {
    /// What holds where nothing is said.
    const UNSAID: Self;
    /// The same, at one place for everybody.
    const UNSAID_REF: &'static Self;
}

macro_rules! unsaid {
    ($($name:ident)*) => {$(
        impl Unsaid for $name {
            const UNSAID: Self = Self::UNSAID;
            const UNSAID_REF: &'static Self = &Self::UNSAID;
        }

        impl Default for $name {
            fn default() -> Self {
                Self::UNSAID
            }
        }
    )*};
}
pub(super) use unsaid;

impl Unsaid for Dict {
    const UNSAID: Self = Self(Vec::new());
    const UNSAID_REF: &'static Self = &Self(Vec::new());
}

/// Options or details: reads like a `T`, and takes memory for one only when something is set.
///
/// A message is moved several times on its way; with its options beside it, and not in it, it is
/// small enough for that to cost nothing.
#[derive(Clone)]
pub struct Sparse<T>(Option<Box<T>>);

impl<T> Sparse<T> {
    /// Nothing is said.
    pub const NONE: Self = Self(None);
}

impl<T: Unsaid> Sparse<T> {
    /// The `T`.
    pub fn into_inner(self) -> T {
        self.said().unwrap_or(T::UNSAID)
    }

    /// The `T`, if anything has been said.
    pub fn said(self) -> Option<T> {
        self.0.map(|said| *said)
    }
}

impl<T: Unsaid> Deref for Sparse<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(said) => said,
            None => T::UNSAID_REF,
        }
    }
}

impl<T: Unsaid> DerefMut for Sparse<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::UNSAID))
    }
}

impl<T: Unsaid + PartialEq> From<T> for Sparse<T> {
    fn from(said: T) -> Self {
        Self((said != T::UNSAID).then(|| Box::new(said)))
    }
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T: Unsaid + PartialEq> PartialEq for Sparse<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Unsaid + fmt::Debug> fmt::Debug for Sparse<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
