// The letters of the shape comments:
//   B batch (sentences)   S source length   T target length   D d_model   H heads   K = D / H
//   F feed-forward width  V vocabulary (with <pad>)
// A mask is a bool tensor that broadcasts to the scores [B,H,T,S]; true: may be attended to.
#pragma once
