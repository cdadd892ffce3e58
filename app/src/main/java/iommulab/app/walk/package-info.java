/// The Walk perspective: one request on its way through the tables, step by step, forward and back.
package iommulab.app.walk;
