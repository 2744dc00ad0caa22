import * as der from './writer.ts';

/** DistributionPointName (RFC 5280 4.2.1.13) with one fullName. */
const pointName = (uri: string): Buffer => der.explicit(0, der.explicit(0, der.implicit(6, Buffer.from(uri, 'ascii'))));

/** The value of cRLDistributionPoints that names one list. */
export const distributionPointsOf = (uri: string): Buffer => der.sequence(der.sequence(pointName(uri)));

/** The value of issuingDistributionPoint that names one list, for all of its certificates and all reasons. */
export const issuingPointOf = (uri: string): Buffer => der.sequence(pointName(uri));
