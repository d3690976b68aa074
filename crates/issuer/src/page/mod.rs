//! Pages for people: HTML without scripts and without anything from elsewhere.

pub(crate) mod browser;
mod html;
pub(crate) mod pages;

pub(crate) use html::{Html, Page};
