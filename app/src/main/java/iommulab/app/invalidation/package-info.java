/// Invalidation requests of guests, field by field: what is sent, how far it came, what is still stale.
package iommulab.app.invalidation;
