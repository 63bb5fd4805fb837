//! The declaration of metrics: name, kind, unit and help stand in one place, and nowhere else.

/// Declares a struct of metrics that one thread owns.
///
/// Each field has one line of documentation, which is the help text, a type ([`Counter`](crate::metrics::Counter),
/// [`Gauge`](crate::metrics::Gauge), [`Histogram`](crate::metrics::Histogram), or any of them for each value of labels
/// as [`Labelled`](crate::metrics::Labelled)), a name, a [`Unit`](crate::metrics::Unit), and the bounds of its buckets
/// if it is a histogram. The struct gets `new`, `tell` and `DESCRIPTIONS`.
#[macro_export]
macro_rules! metrics {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $set:ident {$(
            #[doc = $help:literal]
            $field:ident: $metric:ty = $name:literal, $unit:ident $(, $bounds:expr)?;
        )+}
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        $visibility struct $set {$(
            #[doc = $help]
            $visibility $field: $metric,
        )+}

        impl $set {
            /// What each metric is.
            $visibility const DESCRIPTIONS: &'static [$crate::metrics::Description] = &[$(
                $crate::metrics::Description {
                    name: $name,
                    help: $help,
                    kind: <$metric as $crate::metrics::Metric>::KIND,
                    unit: $crate::metrics::Unit::$unit,
                    labels: <$metric as $crate::metrics::Metric>::LABELS,
                    bounds: { let bounds: &'static [u64] = &[]; $(let _ = bounds; let bounds: &'static [u64] = &$bounds;)? bounds },
                }
                .checked(),
            )+];

            /// Begins with nothing counted. This is the only time that memory is taken.
            #[must_use]
            $visibility fn new() -> Self {
                let mut descriptions = Self::DESCRIPTIONS.iter();
                Self {$(
                    $field: $crate::metrics::Metric::new(
                        descriptions.next().expect("every field has a description").bounds,
                    ),
                )+}
            }

            /// Adds what was counted to a snapshot.
            $visibility fn tell(&self, snapshot: &mut $crate::metrics::Snapshot) {
                let mut descriptions = Self::DESCRIPTIONS.iter();
                $(
                    let description = descriptions.next().expect("every field has a description");
                    snapshot.add(description, $crate::metrics::Metric::samples(&self.$field));
                )+
            }
        }

        impl Default for $set {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}
