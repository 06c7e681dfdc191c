//! A drill: parts of our own are taken away, one by one, while callers go on.

mod bypass;
mod configuration;
mod load;
mod records;
mod restart;
mod store;
mod trap;
