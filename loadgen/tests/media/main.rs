//! Traffic in virtual time, through an impaired network: the verifier must count exactly what the network did.

mod course;
mod device;
mod forgery;
mod impairments;
mod misdelivery;
mod protection;
mod times;
