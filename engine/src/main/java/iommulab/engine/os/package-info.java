/// What Linux does with IOMMUs: the driver of a unit, domains, and what it prints.
package iommulab.engine.os;
