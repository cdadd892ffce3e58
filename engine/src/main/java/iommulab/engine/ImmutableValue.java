package iommulab.engine;

import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/// Marks a class that is a value although it is no record: deeply immutable, compared by content,
/// free to cross from the engine's thread to any other. Records, enums and interfaces need no mark.
@Target(ElementType.TYPE)
public @interface ImmutableValue {}
