//! A WAMP client that publishes readings is a device whose entities are the quantities it sends.

use house::{Entity, EntityKind, Quantity};

/// The entities of a sensor that sent these values.
pub(crate) fn entities(values: &[(Quantity, f64)]) -> Vec<Entity> {
    let mut entities = Vec::new();
    add_entities(&mut entities, values);
    entities
}

/// Adds what it had not sent before.
pub(crate) fn add_entities(entities: &mut Vec<Entity>, values: &[(Quantity, f64)]) {
    for (quantity, _) in values {
        if entities.iter().all(|entity| entity.id != quantity.name()) {
            entities.push(Entity {
                id: quantity.name().to_owned(),
                name: title(quantity.name()),
                kind: EntityKind::Sensor { quantity: *quantity },
            });
        }
    }
}

fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut chars = words.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
