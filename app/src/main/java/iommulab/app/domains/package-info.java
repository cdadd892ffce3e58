/// The Domains perspective: who is translated by what, and what each translation maps.
package iommulab.app.domains;
