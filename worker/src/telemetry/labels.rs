//! The labels of metrics. They take values from closed lists only: no job id, no tenant, nothing from a document.

use quire_schemas::{job::Engine, names::Lane};

/// A label: its name and its value.
pub(super) type Label = (&'static str, &'static str);

macro_rules! label_values {
    ($(#[$doc:meta])* $name:ident as $label:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];
            #[cfg(test)]
            const PATHS: &'static [&'static str] = &[$(concat!(stringify!($name), "::", stringify!($variant))),+];

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub(super) const fn label(self) -> Label {
                ($label, self.as_str())
            }
        }
    };
}

label_values! {
    /// How a delivery left this worker.
    JobOutcome as "outcome" {
        /// With a result, everything in it.
        Succeeded = "succeeded",
        /// With a result that lacks something.
        PartialSuccess = "partial_success",
        Cancelled = "cancelled",
        /// To a retry tier, counted.
        Retried = "retried",
        /// To a retry tier, not counted.
        Parked = "parked",
        /// To the dead queue.
        Buried = "buried",
        /// Back to its queue, because the worker stops or lost its lease.
        Released = "released",
        /// At once: an earlier run has left a result.
        Repeated = "repeated",
    }
}

label_values! {
    /// A part of the work whose time is measured, beside the parse, which has more labels.
    Stage as "stage" {
        /// The document comes in.
        Fetch = "fetch",
        /// One page, in a renderer.
        Render = "render",
        /// One page image, to storage.
        Upload = "upload",
        /// The result goes to storage.
        Commit = "commit",
    }
}

label_values! {
    /// How far the sandbox of the renderers closes.
    SandboxLevel as "level" {
        /// Filter of system calls and rules of files.
        Full = "full",
        /// Filter of system calls only.
        Partial = "partial",
        /// Limits only.
        None = "none",
    }
}

label_values! {
    /// Why a renderer was replaced before its time.
    RestartReason as "reason" {
        /// It died.
        Crashed = "crashed",
        /// It did not answer in time.
        TimedOut = "timed_out",
        /// It ran into its memory or CPU limit.
        ResourceLimit = "resource_limit",
        /// It sent what the protocol does not know.
        Protocol = "protocol",
    }
}

label_values! {
    /// One of the two connections to the broker.
    BrokerConnection as "connection" {
        /// The one that receives and acknowledges.
        Consume = "consume",
        /// The one that publishes.
        Publish = "publish",
    }
}

/// Something that every job needs, or every job of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dependency {
    /// Where results go.
    ObjectStore,
    /// A parse engine behind HTTP.
    Engine(Engine),
}

impl Dependency {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ObjectStore => "object_store",
            Self::Engine(engine) => engine.as_str(),
        }
    }

    pub(super) fn labels(self) -> Vec<Label> {
        let dependency = ("dependency", self.as_str());
        match self {
            Self::ObjectStore => vec![dependency],
            Self::Engine(engine) => vec![dependency, ("engine", engine.as_str())],
        }
    }
}

/// Returns the labels of the whole parse branch as a stage, by the engine that parsed or whose fault decided.
pub(super) fn parse_labels(engine: Engine) -> Vec<Label> {
    vec![("stage", "parse"), ("engine", engine.as_str())]
}

pub(super) const fn lane_label(lane: Lane) -> Label {
    ("lane", lane.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A label that is never written is exported as a constant zero, and operators chart it.
    #[test]
    fn every_value_of_a_label_is_written_somewhere() {
        let mut sources = String::new();
        let mut open = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).expect("a readable folder");
                open.extend(entries.map(|entry| entry.expect("a readable folder").path()));
            } else if !path.ends_with("telemetry/labels.rs") {
                let text = std::fs::read_to_string(&path).expect("sources are text");
                sources.push_str(text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default());
            }
        }
        let dependencies = ["Dependency::ObjectStore", "Dependency::Engine("].as_slice();
        let labels = [
            JobOutcome::PATHS,
            Stage::PATHS,
            RestartReason::PATHS,
            SandboxLevel::PATHS,
            BrokerConnection::PATHS,
            dependencies,
        ];
        let unwritten: Vec<_> = labels.concat().into_iter().filter(|path| !sources.contains(path)).collect();
        assert!(unwritten.is_empty(), "{unwritten:?}");
    }
}
