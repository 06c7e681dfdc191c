//! A caller that was let in.

use std::rc::Rc;

use super::caller::Caller;
use crate::errors::ApiError;
use crate::exchange::Resource;
use crate::headers::Headers;
use crate::json::{self, Object, Unreadable};
use crate::multipart::{self, Form};
use crate::surfaces::{Asked, Bounds, Task};

/// A caller that was let in, and what its headers ask.
pub(super) struct Admitted {
    pub(super) caller: Rc<Caller>,
    pub(super) task: Task,
    /// What it asks for of something that a provider keeps.
    pub(super) resource: Option<Resource>,
    pub(super) headers: Rc<Headers>,
}

impl Admitted {
    fn content_type(&self) -> &str {
        self.headers.get("content-type").unwrap_or_default()
    }

    /// Is its body a form?
    pub(super) fn sends_form(&self) -> bool {
        multipart::is_form(self.content_type())
    }

    /// The body with this model in it, if it names none.
    pub(super) fn with_model(&self, model: &str, body: &[u8]) -> Option<Vec<u8>> {
        if self.resource.is_some() {
            return None;
        }
        if self.sends_form() {
            let form = Form::parse(self.content_type(), body).ok()?;
            return form.text("model").is_ok_and(|named| named.is_none()).then(|| form.and("model", model));
        }
        let object = Object::parse(body).ok()?;
        object.get("model").is_none().then(|| object.write_with(&[("model", Some(json::string(model)))]))
    }

    /// What its body asks, and how much it may come to.
    pub(super) fn read(&self, body: &[u8]) -> Result<(Asked, Bounds), ApiError> {
        let surface = self.task.surface();
        if self.resource.is_some() {
            return Ok((surface.asked(&Object::default())?, Bounds::default()));
        }
        if self.sends_form() {
            let form = Form::parse(self.content_type(), body).map_err(|why| {
                ApiError::invalid(format!("The body is not a form that can be read: {why}.")).code("invalid_form")
            })?;
            return Ok((surface.asked_by_form(&form)?, Bounds::default()));
        }
        let object = object(body)?;
        Ok((surface.asked(&object)?, surface.bounds(&object)))
    }
}

/// A body of JSON.
pub(super) fn object(body: &[u8]) -> Result<Object<'_>, ApiError> {
    Object::parse_shallow(body).map_err(|why| match why {
        Unreadable::TooDeep => ApiError::invalid(format!("The body nests deeper than {} levels.", json::MAX_DEPTH)),
        Unreadable::NoObject(error) => {
            ApiError::invalid(format!("The body is not a JSON object that can be read: {error}.")).code("invalid_json")
        }
    })
}
