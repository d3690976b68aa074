//! That what was generated is what would be generated now.

#[path = "../../generator.rs"]
mod generator;

mod generated;
mod secrets;
